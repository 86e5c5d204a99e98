trigger TripTrigger on Trip__c (before insert, after delete) {
}
